// A reader in the browser: bundle it with anything, and serve it from where the streams are.
import { createReadClient } from 'sluice/client';
import { createWebSocketReadTransport } from 'sluice/transport/websocket/client';

const client = createReadClient({ transport: createWebSocketReadTransport({ url: location.origin }) });
client.state.subscribe((state) => (document.title = state));
client.receive('ticks').subscribe({
  next: ({ data }) => document.body.append(String(data)),
  error: (error: Error) => document.body.append(error.message),
  complete: () => client.close(),
});
