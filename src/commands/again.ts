/** What `fulcrum resume --again` can measure once more. */
export const againStatuses = ['failed', 'invalid'] as const
export type Again = (typeof againStatuses)[number]
