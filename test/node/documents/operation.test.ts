import { describe, expect, it } from 'vitest';
import { answer, answerJson, operation, parameter, schema, segment } from '../../../src/node/documents/operation.js';

describe('operation', () => {
  it('is what OpenAPI has it to be', () => {
    expect(
      operation('Do a thing', {
        tag: 'things',
        parameters: [segment('id', 'Which.'), parameter('query', 'limit', 'How many.', { type: 'integer' })],
        body: { 'application/json': schema('Thing') },
        answers: { 200: answerJson('Done.', schema('Thing')), 204: answer('Done before.') },
        refusals: { 404: 'There is none.' },
      }),
    ).toEqual({
      operationId: 'doAThing',
      summary: 'Do a thing',
      tags: ['things'],
      parameters: [
        { name: 'id', in: 'path', required: true, description: 'Which.', schema: { type: 'string' } },
        { name: 'limit', in: 'query', description: 'How many.', schema: { type: 'integer' } },
      ],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } },
      responses: {
        200: { description: 'Done.', content: { 'application/json': { schema: schema('Thing') } } },
        204: { description: 'Done before.' },
        404: { description: 'There is none.', content: { 'application/json': { schema: schema('Refusal') } } },
      },
    });
  });

  it('leaves out what is not there', () => {
    expect(operation('Look', { tag: 'things', answers: { 204: answer('Nothing.') } })).toEqual({
      operationId: 'look',
      summary: 'Look',
      tags: ['things'],
      responses: { 204: { description: 'Nothing.' } },
    });
  });
});
