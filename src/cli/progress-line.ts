/** One line on a terminal that is written over; nothing where no terminal is. */
export interface ProgressLine {
  show(text: string): void;
  end(): void;
}

const EVERY_MS = 100;

export function progressLine(): ProgressLine {
  const { stderr } = process;
  let shownAt = 0;
  return {
    show(text) {
      if (!stderr.isTTY || Date.now() - shownAt < EVERY_MS) return;
      shownAt = Date.now();
      stderr.write(`\r\u001b[K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\u001b[K');
    },
  };
}
