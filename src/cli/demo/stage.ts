import { Listr, type ListrRendererValue } from 'listr2';
import { paint, painter } from '../output.ts';

export interface StepTime {
  readonly name: string;
  readonly ms: number;
}

/** One thing the demo does; `say` tells what came of it, in a few words beside the step. */
export interface Step {
  readonly name: string;
  readonly title: string;
  readonly run: (say: (outcome: string) => void) => Promise<void>;
}

/**
 * Runs the steps in order and shows them as they go: a spinner and times on a terminal, one line each elsewhere, nothing with `quiet`.
 * @throws what a step throws; the steps after it are not run
 */
export async function runSteps(steps: readonly Step[], quiet: boolean): Promise<readonly StepTime[]> {
  const times: StepTime[] = [];
  const isTerminal = process.stderr.isTTY;
  const dim = painter(process.stderr, process.env);
  const tasks = steps.map(({ name, title, run }) => ({
    title,
    task: async (_context: unknown, task: { title: string; output: string }): Promise<void> => {
      const started = performance.now();
      let outcome = '';
      await run((text) => {
        outcome = text;
        if (isTerminal) task.output = text; // elsewhere each would be a line of its own
      });
      const ms = Math.round(performance.now() - started);
      times.push({ name, ms });
      task.title = `${title.padEnd(TITLE_WIDTH)}${dim('dim', `${outcome.padEnd(OUTCOME_WIDTH)} ${String(ms).padStart(5)} ms`)}`;
    },
  }));
  const renderer: ListrRendererValue = quiet ? 'silent' : isTerminal ? 'default' : 'simple';
  await new Listr(tasks, { renderer, fallbackRenderer: renderer, rendererOptions: { collapseSubtasks: false }, concurrent: false }).run();
  return times;
}

const TITLE_WIDTH = 49;
const OUTCOME_WIDTH = 50;

/** The closing table: what lies in `out`, and what it is. */
export function closingTable(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, what]) => `  ${paint('bold', name.padEnd(width))}  ${what}`).join('\n');
}
