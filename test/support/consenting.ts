/** A person at the sandbox's page of consent: looks at it, presses a button, and is sent back. */

export interface SentBack {
  /** What the page showed: hashes in base64. */
  readonly shown: readonly string[];
  /** Where the browser was sent. */
  readonly url: URL;
}

export async function answerInBrowser(consentUrl: string, decision: 'allow' | 'deny'): Promise<SentBack> {
  const page = await (await fetch(consentUrl)).text();
  const shown = [...page.matchAll(/<code>([^<]+)<\/code>/g)].map(([, hash]) => hash ?? '');
  const fields = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [name ?? '', unescaped(value ?? '')] as [string, string]);
  const response = await fetch(new URL(consentUrl).origin + new URL(consentUrl).pathname, { method: 'POST', body: new URLSearchParams([...fields, ['decision', decision]]), redirect: 'manual' });
  return { shown, url: new URL(response.headers.get('location') ?? 'about:blank') };
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
