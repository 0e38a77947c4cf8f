/** @internal The rows of a long list that are to be on the page: those in view and a few beside them. */
export function visibleRows(
  scrollTop: number,
  height: number,
  rowHeight: number,
  count: number,
): { readonly from: number; readonly to: number } {
  const beside = 8;
  const first = Math.floor(scrollTop / rowHeight);
  const last = Math.ceil((scrollTop + height) / rowHeight);
  const to = Math.min(count, last + beside);
  return { from: Math.max(0, Math.min(first - beside, to)), to };
}
