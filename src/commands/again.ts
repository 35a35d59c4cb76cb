/** Statuses of points that `fulcrum resume --again` can measure again. */
export const againStatuses = ['failed', 'invalid'] as const
/** A status of {@link againStatuses}. */
export type Again = (typeof againStatuses)[number]
