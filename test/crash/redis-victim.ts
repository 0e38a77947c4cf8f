import { startRedis } from '../servers/redis.js';
import { killed, type Victim } from './victim.js';

/** A log in Redis lives in its server, which writes every command to disk before it answers. */
export async function createRedisVictim(): Promise<Victim> {
  const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
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
