import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/node/config/index.js';
import { metrics, prometheusName } from '../../src/telemetry/index.js';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => parse(readFileSync(root + path, 'utf8'), { merge: true }) as never;
const { services, volumes } = read('compose.yaml') as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const all = Object.entries(services);
const gateways = all.filter(([, { build }]) => build !== undefined);

describe('compose.yaml', () => {
  it('has two gateways over one Redis, and one over NATS', () => {
    const logs = gateways.map(([, { environment = {} }]) => environment['SLUICE_LOG']);
    expect(logs).toEqual(['redis://redis:6379', 'redis://redis:6379', 'nats://nats:4222']);
  });

  it.each(gateways)('%s is configured with settings that there are', async (_, { environment = {} }) => {
    const { config } = await readConfig({ environment, folder: `${root}deploy` });
    expect(config).toMatchObject({ allowPublic: true, log: environment['SLUICE_LOG'] });
  });

  it.each(gateways)('%s waits for what it needs, which says when it is there', (_, { depends_on: needs = {} }) => {
    expect(Object.keys(needs)).toHaveLength(1);
    for (const [name, { condition }] of Object.entries(needs)) {
      expect(condition).toBe('service_healthy');
      expect(services[name]!.healthcheck).toBeDefined();
    }
  });

  it('can be reached from this machine only', () => {
    for (const port of all.flatMap(([, { ports = [] }]) => ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('loses nothing that was acknowledged', () => {
    expect(services['redis']!.command?.join(' ')).toContain('--appendonly yes --appendfsync always');
    expect(services['nats']!.command).toContain('--jetstream');
    for (const name of ['redis', 'nats']) expect(services[name]!.volumes).toEqual([`${name}:/data`]);
  });

  it('names versions, and files and volumes that there are', () => {
    for (const [name, { image, build, volumes: mounts = [] }] of all) {
      if (build === undefined) expect(image, name).toMatch(/:v?\d+\.\d+[\w.-]*$/);
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        expect(source.startsWith('./') ? existsSync(root + source) : source in volumes, mount).toBe(true);
      }
    }
  });

  it('has Prometheus look at the gateways, and Grafana at Prometheus', () => {
    const { scrape_configs: jobs } = read('deploy/prometheus.yaml') as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    const targets = jobs.flatMap((job) => job.static_configs.flatMap((one) => one.targets));
    for (const target of targets) expect(services).toHaveProperty([target.split(':')[0]!]);
    const { datasources } = read('deploy/grafana/provisioning/datasources/prometheus.yaml') as {
      datasources: { uid: string; url: string }[];
    };
    expect(datasources[0]!.url).toBe('http://prometheus:9090');
    const dashboard = readFileSync(`${root}deploy/grafana/dashboards/sluice.json`, 'utf8');
    expect(dashboard).toContain(prometheusName(metrics.logUp));
    const { providers } = read('deploy/grafana/provisioning/dashboards/sluice.yaml') as {
      providers: { options: { path: string } }[];
    };
    expect(services['grafana']!.volumes?.join(' ')).toContain(`:${providers[0]!.options.path}:`);
  });
});
