import { plannerProfiles } from '../../analysis/planner-profile.ts'
import type { ExportFormat } from './format.ts'
import { npz } from './npz.ts'

/**
 * The folder that Dynamo's SLA planner accepts as `profile_results_dir`, with the arrays of its own profiler
 * (`dynamo/profiler/utils/profile_prefill.py`, `profile_decode.py`, the same in 1.4.2 and 1.6.1). In a sweep with
 * variants, each variant has such a folder in a folder with its name.
 */
export const dynamoPlannerFormat: ExportFormat = {
  name: 'dynamo-planner',
  about: "the profile that Dynamo's SLA planner reads",
  shape: 'folder',
  write: async run =>
    plannerProfiles(run).flatMap(({ variant, prefill, decode }) => {
      const folder = variant === null ? '' : `${variant}/`
      return [
        {
          path: `${folder}selected_prefill_interpolation/raw_data.npz`,
          content: npz({
            prefill_isl: prefill.isl,
            prefill_ttft: prefill.ttftMs,
            prefill_thpt_per_gpu: prefill.throughputPerGpu,
          }),
        },
        {
          path: `${folder}selected_decode_interpolation/raw_data.npz`,
          content: npz({
            x_kv_usage: decode.kvUsage,
            y_context_length: decode.contextLength,
            z_itl: decode.itlMs,
            z_thpt_per_gpu: decode.throughputPerGpu,
            max_kv_tokens: [decode.maxKvTokens],
          }),
        },
      ]
    }),
}
