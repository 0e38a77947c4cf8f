import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { LiveScreen, type Terminal } from '../../src/cli/live-screen.js';

function stage(terminal: Partial<Terminal> = {}) {
  const scheduler = new VirtualTimeScheduler();
  const written: string[] = [];
  const sizes: number[][] = [];
  const screen = new LiveScreen(
    { ...terminal, write: (text) => written.push(text) },
    (columns, rows, frame) => {
      sizes.push([columns, rows, frame]);
      return ['one', `frame ${frame}`];
    },
    scheduler,
  );
  return { scheduler, written, sizes, screen };
}

describe('LiveScreen', () => {
  it('paints in place, and leaves the last picture there', () => {
    const { scheduler, written, screen } = stage();
    scheduler.maxFrames = 100;
    screen.start();
    screen.start();
    scheduler.flush();
    screen.stop();
    screen.stop();
    expect(written).toEqual([
      '\u001b[?25l',
      '\r\u001b[Jone\nframe 0\n',
      '\u001b[2A\r\u001b[Jone\nframe 1\n',
      '\u001b[2A\r\u001b[Jone\nframe 2\n',
      '\u001b[?25h',
    ]);
    scheduler.maxFrames = 1000;
    scheduler.flush();
    expect(written).toHaveLength(5);
  });

  it('goes on below what was written meanwhile', () => {
    const { scheduler, written, screen } = stage();
    scheduler.maxFrames = 0;
    screen.start();
    scheduler.flush();
    screen.stop();
    screen.start();
    scheduler.flush();
    expect(written.at(-1)).toBe('\r\u001b[Jone\nframe 2\n');
    screen.stop();
  });

  it.each([
    [{}, [79, 23]],
    [{ columns: 0, rows: 0 }, [79, 23]],
    [{ columns: 120, rows: 50 }, [119, 49]],
    [{ columns: 3, rows: 1 }, [20, 4]],
  ])('keeps within a terminal of %j', (size, expected) => {
    const { sizes, screen } = stage(size);
    screen.start();
    screen.stop();
    expect(sizes[0]!.slice(0, 2)).toEqual(expected);
  });
});
