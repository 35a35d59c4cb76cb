/** What `fulcrum resume --again` can measure once more. */
export const againStatuses = ['failed', 'invalid'] as const
/** A status of {@link againStatuses}. */
export type Again = (typeof againStatuses)[number]
