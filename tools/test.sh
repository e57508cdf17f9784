#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs, builds, runs every test; for a bare Debian 12. The last line of ctest counts them all.
#   sh tools/test.sh [PRESET [CTEST-OPTION...]]    PRESET: dev (default), asan (ASan and UBSan), tsan, clang, fuzz, release
#   NIXIE_SKIP_PACKAGES=1                          leaves the system's packages alone
set -eu
cd "$(dirname "$0")/.."
preset=${1:-dev}
[ $# -eq 0 ] || shift
[ -n "${NIXIE_SKIP_PACKAGES:-}" ] || { sh tools/packages.sh && sh tools/unpack.sh; }
if command -v ccache >/dev/null; then
    export CMAKE_C_COMPILER_LAUNCHER="${CMAKE_C_COMPILER_LAUNCHER-ccache}"
fi
cmake --preset "$preset"
cmake --build --preset "$preset"
# Most tests wait for a server or a time-out: two a processor.
exec ctest --preset "$preset" -j "$(($(nproc) * 2))" "$@"
