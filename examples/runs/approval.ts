// A pipeline written in JSON with a step that waits for a person: started, watched and answered over HTTP.
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { serve } from 'sluice/node';
import { createStepTypes, pipelineFromJson } from 'sluice/run/json';

interface Services {
  readonly post: { send(text: string): string };
}

const types = createStepTypes<Services>()
  .with('write', {
    parameters: z.strictObject({ customer: z.string() }),
    // Word by word, as a model would.
    run: async function* ({ customer }) {
      yield* [`Dear ${customer},`, ' we', ' offer', ' one', ' sluice.'];
    },
  })
  .with('send', {
    parameters: z.strictObject({ text: z.string() }),
    needs: ['post'],
    run: ({ text }, { services }) => services.post.send(text),
  });

const approval = pipelineFromJson(await readFile(new URL('approval.json', import.meta.url), 'utf8'), { types });

const server = await serve({
  port: Number(process.env['PORT'] ?? 4437),
  runs: {
    pipelines: [approval],
    services: { post: { send: (text) => `sent: ${text}` } },
    // Whatever stands in front of this server says who asks. Only Ann may approve.
    who: ({ headers }) => headers['x-user']?.toString(),
  },
});

const json = `-H 'content-type: application/json'`;
console.log(
  `curl ${server.url}/v1/runs ${json} -d '{"pipeline":"approval","input":{"customer":"Ahab"},"executionId":"1"}'`,
);
console.log(`curl -N ${server.url}/stream/pipeline/1`);
console.log(`curl ${server.url}/v1/runs/1/input ${json} -H 'x-user: ann' -d '{"name":"approved","value":true}'`);
