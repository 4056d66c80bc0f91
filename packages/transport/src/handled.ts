/** Promises whose failure may go unseen: a caller that does not look must not end the process. */

export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

export function rejected(error: Error): Promise<never> {
  return handled(Promise.reject(error));
}
