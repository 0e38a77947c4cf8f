import { StreamError } from '../chunk/index.js';

/** Does what a flag asks for, and says of trouble which flag it came from. Trouble that names a setting itself is left as it is. */
export async function ofFlag<T>(flag: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StreamError) || error.details.field !== undefined) throw error;
    const { code, message, details, cause } = error;
    throw new StreamError(code, `${flag}: ${message}`, { ...details, cause });
  }
}
