import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A page in a real browser, spoken to by the Chrome DevTools Protocol over pipes. */
export interface BrowserPage {
  send(method: string, parameters?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** Goes to an address and waits until it has loaded. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** Chooses files as a person would in the dialog; the page's own script is told. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  /** A click with the mouse, which also works where scripts do not run. */
  click(selector: string): Promise<void>;
  /** Empty while one page gives way to the next. */
  html(): Promise<string>;
  /** What the page complained of on its console, policy violations among it. */
  readonly complaints: readonly string[];
}

export interface Browser {
  page(options?: { readonly scripts?: boolean }): Promise<BrowserPage>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** What the browser answered instead of a result. */
class BrowserError extends Error {}

/** Starts Chromium without a window and with a profile of its own. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'lienthong-browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe'];
  const child = spawn('chromium', [...flags, `--user-data-dir=${profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: profile } });
  const channel = channelOf(child);
  return {
    page: async ({ scripts = true } = {}) => {
      const { targetId } = await channel.send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await channel.send('Target.attachToTarget', { targetId, flatten: true });
      return attach(channel, String(sessionId), scripts);
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      await channel.send('Browser.close').catch(() => child.kill('SIGKILL'));
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Channel {
  send(method: string, parameters?: Readonly<Record<string, unknown>>, sessionId?: string): Promise<Record<string, unknown>>;
  onEvent(listener: (message: Message) => void): void;
}

/** JSON messages, each ended by a zero byte, on descriptors 3 (to the browser) and 4 (from it). */
function channelOf(child: ChildProcess): Channel {
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, { readonly resolve: (result: Record<string, unknown>) => void; readonly reject: (error: Error) => void }>();
  const listeners: ((message: Message) => void)[] = [];
  let last = 0;
  let unread = '';
  const fail = (): void => {
    for (const { reject } of waiting.values()) reject(new Error('The browser has ended'));
    waiting.clear();
  };
  to.on('error', fail);
  child.once('error', fail).once('close', fail);
  from.setEncoding('utf8').on('data', (text: string) => {
    const parts = (unread + text).split('\0');
    unread = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      const call = message.id === undefined ? undefined : waiting.get(message.id);
      if (message.id !== undefined) waiting.delete(message.id);
      if (call === undefined) for (const listener of listeners) listener(message);
      else if (message.error !== undefined) call.reject(new BrowserError(message.error.message));
      else call.resolve(message.result ?? {});
    }
  });
  return {
    send: (method, parameters = {}, sessionId) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        to.write(`${JSON.stringify({ id: last, method, params: parameters, ...(sessionId !== undefined && { sessionId }) })}\0`);
      }),
    onEvent: (listener) => void listeners.push(listener),
  };
}

async function attach(channel: Channel, sessionId: string, scripts: boolean): Promise<BrowserPage> {
  const send: BrowserPage['send'] = (method, parameters) => channel.send(method, parameters, sessionId);
  const complaints: string[] = [];
  let onLoad: (() => void) | undefined;
  channel.onEvent((message) => {
    if (message.sessionId !== sessionId) return;
    if (message.method === 'Page.loadEventFired') onLoad?.();
    if (message.method === 'Log.entryAdded') complaints.push(String((message.params?.['entry'] as { readonly text?: unknown } | undefined)?.text));
    if (message.method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(message.params));
  });
  for (const domain of ['Page', 'DOM', 'Runtime', 'Log']) await send(`${domain}.enable`);
  if (!scripts) await send('Emulation.setScriptExecutionDisabled', { value: true });
  const node = async (selector: string): Promise<number> => {
    const { root } = await send('DOM.getDocument', { depth: 1 });
    const { nodeId } = await send('DOM.querySelector', { nodeId: (root as { readonly nodeId: number }).nodeId, selector });
    if (nodeId === 0) throw new Error(`The page has no ${selector}`);
    return Number(nodeId);
  };
  return {
    send,
    complaints,
    open: async (url) => {
      const loaded = new Promise<void>((resolve) => (onLoad = resolve));
      await send('Page.navigate', { url });
      await loaded;
    },
    evaluate: async (expression) => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { readonly value?: unknown }).value;
    },
    choose: async (selector, paths) => void (await send('DOM.setFileInputFiles', { nodeId: await node(selector), files: [...paths] })),
    click: async (selector) => {
      const nodeId = await node(selector);
      await send('DOM.scrollIntoViewIfNeeded', { nodeId });
      const { model } = await send('DOM.getBoxModel', { nodeId });
      const [x = 0, y = 0, , , right = 0, bottom = 0] = (model as { readonly border: readonly number[] }).border;
      const at = { x: (x + right) / 2, y: (y + bottom) / 2, button: 'left', clickCount: 1 };
      await send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
      await send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    },
    html: async () => {
      try {
        return String((await send('DOM.getOuterHTML', { nodeId: await node('html') }))['outerHTML']);
      } catch (error) {
        if (error instanceof BrowserError) return '';
        throw error;
      }
    },
  };
}
