// What is sent of a chunk, and read back: a line of text, with its number and the time it was made.

/** The line of a chunk, its end included. */
export const lineOf = ({ seq, at, text }) => `${seq} ${at} ${text}\n`;

/** Reads lines back out of server-sent events: `got` is handed number and time of each. Whatever is no such line is skipped. */
export function readLines(response, got) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      const begin = line.charCodeAt(5) === 32 ? 6 : 5;
      const digit = line.charCodeAt(begin) - 48;
      if (!(digit >= 0 && digit <= 9)) continue;
      const space = line.indexOf(' ', begin);
      got(Number(line.slice(begin, space)), Number(line.slice(space + 1, line.indexOf(' ', space + 1))));
    }
  });
}
