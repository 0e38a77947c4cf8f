/**
 * The configuration of `sluice serve`: one schema, read from a file, the environment and flags.
 *
 * @module
 */
export { type Config, type ConfigInput, configSchema } from './config-schema.js';
export { readConfig, type ReadConfig, type ReadConfigOptions, type SettledSetting } from './read-config.js';
export { type Setting, settings, shown } from './settings.js';
export type { Secrecy, SettingKind, SettingMeta } from './setting.js';
export { openConfigLog, serveOptions } from './serve-options.js';
export * from './config-auth.js';
export * from './config-telemetry.js';
