/** Writes monitor.js, components.js and what goes with them into a folder. */
export declare function buildMonitor(folder: string): Promise<void>;
