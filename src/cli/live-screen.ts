import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';

/** What is needed of a terminal. */
export interface Terminal {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** How often it is painted, in milliseconds. */
const frameMs = 80;

/** Paints lines on a terminal over and over, in place. */
export class LiveScreen {
  private height = 0;
  private frame = 0;
  private painting: Subscription | undefined;

  /** @param lines - what is to be seen, each time */
  constructor(
    private readonly terminal: Terminal,
    private readonly lines: (columns: number, rows: number, frame: number) => readonly string[],
    private readonly scheduler: SchedulerLike = asyncScheduler,
  ) {}

  /** Begins, or goes on below. */
  start(): void {
    if (this.painting !== undefined) return;
    this.height = 0;
    this.terminal.write(hideCursor);
    const { scheduler } = this;
    const paint = (): void => this.paint();
    this.painting = scheduler.schedule(function () {
      paint();
      this.schedule(undefined, frameMs);
    });
  }

  /** Paints a last time and leaves it there. */
  stop(): void {
    if (this.painting === undefined) return;
    this.painting.unsubscribe();
    this.painting = undefined;
    this.paint();
    this.terminal.write(showCursor);
  }

  private paint(): void {
    // The terminal itself breaks a line that is as wide as it is.
    const { columns = 80, rows = 24 } = this.terminal;
    const lines = this.lines(Math.max(20, (columns || 80) - 1), Math.max(4, (rows || 24) - 1), this.frame++);
    const up = this.height === 0 ? '' : `\u001b[${this.height}A`;
    this.terminal.write(`${up}\r\u001b[J${lines.join('\n')}\n`);
    this.height = lines.length;
  }
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
