import { prometheusType, type Telemetry } from '../telemetry/index.js';
import { type Door, pathOf } from './door.js';
import { isReadOnly, sendText } from './is-read-only.js';

const path = '/metrics';

/** @internal The door where Prometheus reads what was measured. */
export function metricsDoor(telemetry: Pick<Telemetry, 'prometheus'>): Door {
  return {
    handle: (request, response) => {
      if (pathOf(request) !== path) return false;
      if (!isReadOnly(request, response)) return true;
      void telemetry.prometheus().then((text) => sendText(request, response, text, prometheusType));
      return true;
    },
  };
}
