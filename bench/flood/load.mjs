/** Connections that one may have. */
export const most = 100;
/** What somebody else reads. */
export const stream = 'bench/other';
/** How often there is a chunk of it, in milliseconds. */
export const everyMs = 20;
