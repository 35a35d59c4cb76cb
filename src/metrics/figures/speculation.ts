import type { Measurement } from '../measurement.ts'
import type { Figure } from './figure.ts'

const believed = ({ speculation }: Measurement) => (speculation?.isImpossible === true ? undefined : speculation)

/**
 * Speculative decoding according to the workers' metrics. Empty if none reports it, or if the reported values are
 * impossible.
 */
export const speculation: readonly Figure[] = [
  {
    name: 'spec_acceptance_rate',
    title: 'Acceptance rate',
    unit: '%',
    better: 'higher',
    of: m => believed(m)?.rate ?? null,
    ifObserved: true,
    shownIn: ['comparison', 'history', 'axes'],
  },
  {
    name: 'spec_accepted_length',
    title: 'Acceptance length',
    unit: 'tokens',
    better: 'higher',
    of: m => believed(m)?.length ?? null,
    ifObserved: true,
    shownIn: ['comparison', 'history', 'axes'],
  },
  {
    name: 'tokens_per_chunk',
    title: 'Tokens of a chunk after the first, mean',
    unit: 'tokens',
    better: 'higher',
    // If each chunk counts as a token, each has one by definition.
    of: ({ tokensPerChunk, tokenSource }) => (tokenSource === 'chunks' ? null : (tokensPerChunk ?? null)),
  },
]
