// What is sent of a chunk, and read back: a line of text, with its number and the time it was made.

/** The line of a chunk, its end included. */
export const lineOf = ({ seq, at, text }) => `${seq} ${at} ${text}\n`;

const [zero, space] = [48, 32];

/**
 * Reads lines back out of server-sent events: `got` is handed number and time of each. Whatever is no such line is skipped.
 * As cheap as can be: readers that are busy would be what is measured.
 */
export function readLines(response, got) {
  let rest = '';
  response.setEncoding('latin1');
  response.on('data', (part) => {
    const text = rest === '' ? part : rest + part;
    const whole = text.lastIndexOf('\n') + 1;
    for (let end = -1; end + 1 < whole;) {
      const begin = text.indexOf('data:', end + 1);
      if (begin < 0 || begin >= whole) break;
      end = text.indexOf('\n', begin);
      readLine(text, begin + 5, got);
    }
    rest = whole === text.length ? '' : text.slice(whole);
  });
}

function readLine(text, begin, got) {
  let at = text.charCodeAt(begin) === space ? begin + 1 : begin;
  const first = at;
  let seq = 0;
  for (let digit; (digit = text.charCodeAt(at) - zero) >= 0 && digit <= 9; at++) seq = seq * 10 + digit;
  if (at === first) return;
  let time = 0;
  for (let digit; (digit = text.charCodeAt(++at) - zero) >= 0 && digit <= 9;) time = time * 10 + digit;
  got(seq, time);
}
