const plain = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** @internal A count, in full. */
export function countWords(count: number): string {
  return plain.format(count);
}

/** @internal A count where there is little room. */
export function shortWords(count: number): string {
  return count < 10_000 ? plain.format(Math.round(count)) : short.format(count);
}

/** @internal How many a second; of few also what is behind the point. */
export function rateWords(rate: number): string {
  return rate < 10 ? plain.format(Math.round(rate * 10) / 10) : shortWords(rate);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** @internal An amount of bytes. */
export function byteWords(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? plain.format(Math.round(value)) : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

const seconds = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** @internal How long ago something was. */
export function agoWords(ms: number): string {
  const past = Math.max(0, Math.round(ms / 1000));
  if (past < 60) return seconds.format(-past, 'second');
  if (past < 3600) return seconds.format(-Math.round(past / 60), 'minute');
  if (past < 86_400) return seconds.format(-Math.round(past / 3600), 'hour');
  return seconds.format(-Math.round(past / 86_400), 'day');
}

/** @internal A time that has passed, where there is little room. */
export function spanWords(ms: number): string {
  const past = Math.max(0, Math.round(ms / 1000));
  if (past < 60) return `${past} s`;
  if (past < 3600) return `${Math.floor(past / 60)} min`;
  if (past < 86_400) return `${Math.floor(past / 3600)} h`;
  return `${Math.floor(past / 86_400)} d`;
}
