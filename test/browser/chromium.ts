import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from '../programs.js';

/** Where Chromium is; `undefined` where it is not, and then said aloud. */
export const executablePath = findProgram('chromium', 'apt-get install chromium');

/** Starts a real, headless Chromium that talks to nobody but us. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: executablePath!,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
    ],
  });
}

/** Bundles a module as an application would. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    minify: true,
    conditions: ['sluice-source', 'es2015'],
  });
  return outputFiles[0]!.text;
}
