#!/usr/bin/env node
// The executable the client suite starts: the adapter beside it, as TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./adapter.ts');
