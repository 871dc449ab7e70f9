#!/usr/bin/env bash
# Builds a real Ollama for the tests by `go install`, once; prints where the program is.
#
# Its CPU backend is compiled in by cgo; only the GPU ones are libraries of their own. It is built for
# this processor, since the compiler's default on x86-64 has no AVX: with it, Qwen2.5 0.5B reads 40
# tokens a second on one thread, and without it, 1. The module proxy leaves out every folder named
# `vendor`, and with it three C++ headers: these come from modules that keep them elsewhere. Exit code
# 3: no Go or no C++ compiler here; tests then skip.
set -euo pipefail

version=v0.17.4
headers_from=v0.6.5 # the json.hpp and stb_image.h of this one lie outside of `vendor`
miniaudio=v0.11.24
longest=${OLLAMA_BUILD_SECONDS:-1200} # 13 minutes were measured on two busy cores

folder=${SATELLITE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/satellite-tests}/ollama-$version-native
program=$folder/ollama
if [ -x "$program" ]; then echo "$program"; exit 0; fi

export PATH=$PATH:/usr/local/go/bin
for tool in go "${CXX:-g++}"; do
    command -v "$tool" >/dev/null || { echo "no $tool here: no Ollama to test with" >&2; exit 3; }
done

module_folder() { timeout 120 go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p'; }

headers=$folder/headers # in one place: its path is part of what Go's build cache goes by
mkdir -p "$headers"/{nlohmann,stb,miniaudio}
cd "$headers"
old=$(module_folder "github.com/ollama/ollama@$headers_from")
cp -f "$old/llama/llama.cpp/common/json.hpp" nlohmann/
echo '#include "json.hpp"' >nlohmann/json_fwd.hpp
cp -f "$old/llama/llama.cpp/common/stb_image.h" stb/
cp -f "$(module_folder "github.com/gen2brain/malgo@$miniaudio")/miniaudio.h" miniaudio/

built=$(mktemp -d "$folder/building.XXXXXX")
trap 'rm -rf "$built"' EXIT
CGO_ENABLED=1 CGO_CPPFLAGS="-I$headers" GOBIN=$built \
    CGO_CFLAGS="-O3 -march=native -U__AMX_INT8__" CGO_CXXFLAGS="-O3 -march=native -U__AMX_INT8__" \
    timeout "$longest" go install -trimpath -ldflags "-s -w" "github.com/ollama/ollama@$version" >&2
mv "$built/ollama" "$program" # whole or not at all, even where two build at once
echo "$program"
