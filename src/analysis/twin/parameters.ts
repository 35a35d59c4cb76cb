import { followedVersions } from '../../simulator/followed-version.ts'
import type { Profile } from '../../simulator/profile.ts'

/** Parameters of a deployment that a fit determines. Times in ms. */
export interface TwinParameters {
  /** Factor on the profile's prefill times; 0 without a profile. */
  readonly prefillScale: number
  readonly prefillFixedMs: number
  readonly prefillPer1000TokensMs: number
  /** Factor on the profile's decode step times; 0 without a profile. */
  readonly decodeScale: number
  readonly decodeFixedMs: number
  /** Multiplied by sequences ^ {@link decodeSequenceExponent}. */
  readonly decodePerSequenceMs: number
  readonly decodeSequenceExponent: number
  readonly decodePer1000ContextTokensMs: number
  /** Time from the client to a worker's queue and back, including tokenization and routing. */
  readonly frontendFixedMs: number
  readonly frontendPer1000TokensMs: number
  /**
   * Mean of an additional, exponentially distributed time per request, which keeps requests from moving in lockstep.
   */
  readonly frontendJitterMs: number
  /** Disaggregated: see {@link Profile}'s `frontend.firstChunkMs`. */
  readonly firstChunkMs: number
  /** Disaggregated: time from a prefill to a decode worker, excluding the transfer of bytes. */
  readonly transferLatencyMs: number
}

/** Search range of one parameter. */
export interface ParameterSpace {
  readonly name: keyof TwinParameters
  readonly low: number
  readonly high: number
  /**
   * A change large enough to show in the figures. The parameter's distance from its start is penalized in this unit.
   */
  readonly step: number
}

/** Leaves a profile's tables unchanged. */
export const neutralParameters: TwinParameters = {
  prefillScale: 1,
  prefillFixedMs: 0,
  prefillPer1000TokensMs: 0,
  decodeScale: 1,
  decodeFixedMs: 0,
  decodePerSequenceMs: 0,
  decodeSequenceExponent: 1,
  decodePer1000ContextTokensMs: 0,
  frontendFixedMs: 0,
  frontendPer1000TokensMs: 0,
  frontendJitterMs: 0,
  firstChunkMs: 0,
  transferLatencyMs: 0,
}

const frontend: readonly ParameterSpace[] = [
  { name: 'frontendFixedMs', low: 0, high: 2000, step: 2 },
  { name: 'frontendPer1000TokensMs', low: 0, high: 200, step: 0.5 },
  { name: 'frontendJitterMs', low: 0, high: 200, step: 1 },
]
const disaggregated: readonly ParameterSpace[] = [
  { name: 'firstChunkMs', low: 0, high: 1000, step: 5 },
  { name: 'transferLatencyMs', low: 0, high: 1000, step: 2 },
]

/** Parameters to search: corrections to a profile's tables, or the whole model of pass times without a profile. */
export function parameterSpace(hasProfile: boolean, hasDisaggregated: boolean): readonly ParameterSpace[] {
  const passes: readonly ParameterSpace[] = hasProfile
    ? [
        { name: 'prefillScale', low: 0.1, high: 10, step: 0.03 },
        { name: 'prefillFixedMs', low: -20, high: 500, step: 1 },
        { name: 'decodeScale', low: 0.1, high: 10, step: 0.03 },
        { name: 'decodeFixedMs', low: -5, high: 100, step: 0.2 },
        { name: 'decodePerSequenceMs', low: -0.5, high: 10, step: 0.02 },
      ]
    : [
        { name: 'prefillFixedMs', low: 0, high: 2000, step: 4 },
        { name: 'prefillPer1000TokensMs', low: 0.01, high: 2000, step: 1 },
        { name: 'decodeFixedMs', low: 0, high: 500, step: 0.5 },
        { name: 'decodePerSequenceMs', low: 0, high: 100, step: 0.1 },
        { name: 'decodeSequenceExponent', low: 0.3, high: 1.2, step: 0.05 },
        { name: 'decodePer1000ContextTokensMs', low: 0, high: 10, step: 0.02 },
      ]
  return [...passes, ...frontend, ...(hasDisaggregated ? disaggregated : [])]
}

/** Profile of the fitted deployment. */
export function fittedProfile(base: Profile, fit: TwinParameters): Profile {
  return {
    ...base,
    transfer: { ...base.transfer, latencyMs: base.transfer.latencyMs + fit.transferLatencyMs },
    frontend: {
      fixedMs: base.frontend.fixedMs + fit.frontendFixedMs,
      per1000TokensMs: base.frontend.per1000TokensMs + fit.frontendPer1000TokensMs,
      jitterMs: fit.frontendJitterMs,
      firstChunkMs: fit.firstChunkMs,
    },
    correction: {
      prefill: { scale: fit.prefillScale, fixedMs: fit.prefillFixedMs, per1000TokensMs: fit.prefillPer1000TokensMs },
      decode: {
        scale: fit.decodeScale,
        fixedMs: fit.decodeFixedMs,
        perSequenceMs: fit.decodePerSequenceMs,
        sequenceExponent: fit.decodeSequenceExponent,
        per1000ContextTokensMs: fit.decodePer1000ContextTokensMs,
      },
    },
  }
}

/** An empty profile: all times come from the fit, and memory is unlimited. */
export function blankProfile(model: string): Profile {
  const nothing = Float64Array.of(0, 0)
  const samples = Float64Array.of(0, 1)
  return {
    name: 'none',
    dynamo: followedVersions[0],
    model,
    hardware: 'unknown',
    source: 'measured points alone',
    licence: 'none',
    parallelism: { tensor: 1, expert: 1, pipeline: 1 },
    kv: { dtype: 'unknown', bytesPerToken: 1, blockTokens: 32, freeBytesPerGpu: 1e15 },
    transfer: { bytesPerS: 1e15, latencyMs: 0 },
    frontend: { fixedMs: 0, per1000TokensMs: 0 },
    tables: [false, true].map(enableAttentionDp => ({
      enableAttentionDp,
      prefill: { x: samples, y: nothing },
      decode: { rows: samples, columns: samples, z: Float64Array.of(0, 0, 0, 0) },
    })),
  }
}
