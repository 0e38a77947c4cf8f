import { readFileSync } from 'node:fs';
import { dataFile } from './data.js';

/** Texts that have broken pages before: markup, writing that turns round, signs nobody sees, and what looks like something else. */
export const naughty: readonly string[] = [
  '<img src=x onerror="document.title=1"><script>document.title=2</script></div></template>',
  '"><svg onload=document.title=3><iframe srcdoc="<script>parent.document.title=4</script>">',
  '{{constructor.constructor("document.title=5")()}} ${document.title=6} <%= 7 %>',
  'javascript:document.title=8 &lt;b&gt; &#x0; <!-- --> ]]> --!>',
  'left \u202eright\u2066 \u202b\u2067 and no end',
  '\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 123 (abc) \u05e2\u05d5\u05dc\u05dd',
  '\u200b\u200d\ufeff\u2060\u00ad\u180e \u2028\u2029\u0085',
  '\u0001\u0002\u0007\u0008\u000b\u000c\u001b[31mred\u001b[0m\u007f\u009f',
  'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035aA\u0336\u0347\u0332L\u0337\u0322\u0330G'.repeat(
    40,
  ),
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} \u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} \ufdfd \u{1242b}',
  '\u0e01\u0e47'.repeat(200),
  'constructor __proto__ hasOwnProperty null undefined NaN -0 1e309',
];

const file = dataFile('text/naughty-strings.txt');

/** The same in one text, with the big list of others where it is there. */
export const naughtyText = [...naughty, ...(file === undefined ? [] : [readFileSync(file, 'utf8')])].join('\n');
