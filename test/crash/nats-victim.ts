import { startNats } from '../servers/nats.js';
import { killed, type Victim } from './victim.js';

/** A log in NATS lives in its server. */
export async function createNatsVictim(): Promise<Victim> {
  const server = await startNats();
  return {
    url: server.url,
    kill: async (writer) => {
      await server.kill();
      await killed(writer);
    },
    revive: () => server.restart(),
    dispose: () => server.dispose(),
  };
}
