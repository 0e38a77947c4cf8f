import { jsonSchemaOf } from './json-schema.js';
import { paths } from './paths.js';
import { schemas } from './schemas.js';

/**
 * Describes what a server answers over HTTP, as OpenAPI 3.1 has it. The schemas are those the server checks by.
 *
 * @internal
 */
export function openApi(version: string): object {
  const made = Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema, 'draft-2020-12')]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'sluice',
      version,
      description: 'Streams of chunks that must arrive. What goes over WebSocket is in asyncapi.json.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: ['server', 'streams', 'runs', 'durable streams', 'subscriptions'].map((name) => ({ name })),
    security: [{}, { bearer: [] }, { apiKey: [] }, { signature: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(made),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A JWT, or an API key.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        signature: { type: 'apiKey', in: 'query', name: 'access', description: 'A signed permission for one stream.' },
      },
    },
  };
}
