// Hono, and all else that speaks Request and Response: what the first item is says what the body is.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { from } from 'rxjs';
import { toResponse } from 'sluice/response';
import { createCompressor } from 'sluice/response/zlib';

const app = new Hono();
app.get('/steps', ({ req }) => {
  const steps$ = from([{ step: 'fetch' }, { step: 'parse' }, { step: 'done' }]);
  return toResponse(steps$, { request: req.raw, compression: true, createCompressor });
});
serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`curl -N http://127.0.0.1:${port}/steps`);
});
