#!/usr/bin/env bash
# Build the web page into dist/, a folder that any static host can serve and an npm package.
#   ./build_wasm.sh                        build
#   ./build_wasm.sh --serve [--port 8080]  build, then serve it on localhost
#   ./build_wasm.sh --no-kernel            build without the compiled kernels: slower, in numpy
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

build=.build
python=$build/venv/bin/python
modules=web/node_modules
log=$build/last-step.log
with_kernels=yes

main() {
  local serve=no port=8080
  while (($#)); do
    case $1 in
      --serve) serve=yes ;;
      --no-kernel) with_kernels=no ;;
      --port) port=${2:?--port needs a number}; shift ;;
      -h | --help) sed -n '2,5s/^# //p' build_wasm.sh; return ;;
      *) fail "unknown option $1" "see ./build_wasm.sh --help" ;;
    esac
    shift
  done

  check_tools
  mkdir -p "$build"
  step "Python tools" "can pip reach the package index?" install_python_tools
  step "Pyodide's core" "can npm reach its registry?" install_pyodide
  step "our Python package" "try 'python3 -m pip wheel --no-deps .'" build_package
  if [[ $with_kernels == yes ]]; then
    step "the kernels" "try again, or build with --no-kernel" build_kernels
  fi
  echo "numpy for Pyodide ..."
  "$python" web/build/numpy_wheel.py "$modules/pyodide/pyodide-lock.json" "$build/cache" ||
    fail "numpy for Pyodide failed" "see the line above"
  step "the types" "see the lines above" build_types
  step "the runtime" "remove $build and try again" make_runtime
  step "the site" "remove $build and try again" assemble_site
  echo "built dist/, $(du -sh dist | cut -f1)"
  if [[ $serve == yes ]]; then
    exec "$python" web/build/serve.py --port "$port" dist
  fi
}

fail() { # what failed, what to do
  echo "build_wasm.sh: $1: $2" >&2
  exit 1
}

step() { # name, what to do if it fails, function
  echo "$1 ..."
  local status=0
  set +e # an 'if' would switch it off inside the function too
  (set -e && "$3") >"$log" 2>&1
  status=$?
  set -e
  if ((status)); then
    tail -n 20 "$log" >&2
    fail "$1 failed" "$2"
  fi
}

check_tools() {
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "no python3 >= 3.11 with venv" "install it (Debian: apt install python3-venv)"
  node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null ||
    fail "no node >= 20" "install it (Debian: apt install nodejs npm, or from nodejs.org)"
  command -v npm >/dev/null || fail "no npm" "install it (Debian: apt install npm)"
  [[ -f models/default.npz ]] || fail "no models/default.npz" "see models/README.md"
}

# An installed folder counts only with the copy of its list inside: that is written last.
install_python_tools() {
  local wanted=web/build/requirements.txt installed=$build/venv/requirements.txt
  if cmp -s "$wanted" "$installed"; then return; fi
  rm -rf "$build/venv"
  python3 -m venv "$build/venv"
  "$python" -m pip install --requirement "$wanted"
  cp "$wanted" "$installed"
}

install_pyodide() { # npm checks the integrity in the lock file
  local wanted=web/package-lock.json installed=$modules/installed-lock.json
  if cmp -s "$wanted" "$installed"; then return; fi
  (cd web && npm ci)
  cp "$wanted" "$installed"
}

build_package() { # without the kernels for this machine
  rm -rf "$build/wheel"
  HATCH_BUILD_NO_HOOKS=true "$python" -m pip wheel --no-deps --wheel-dir "$build/wheel" .
}

build_kernels() {
  "$python" web/build/kernels.py "$build/zig" "$build/kernels"
}

build_types() {
  rm -rf "$build/types"
  (cd web && npm run --silent types)
}

make_runtime() {
  local kernels=()
  if [[ $with_kernels == yes ]]; then kernels=(--kernels "$build/kernels"); fi
  "$python" web/build/runtime.py --pyodide "$modules/pyodide" --numpy "$build"/cache/numpy-*.whl \
    --package "$build"/wheel/percepnet-*.whl --model models/default.npz "${kernels[@]}" \
    "$build/runtime"
}

assemble_site() {
  rm -rf "$build/site" "$build/old-site"
  "$python" web/build/bundle.py --web web --runtime "$build/runtime" --types "$build/types" \
    --models models --cache "$build/compressed" "$build/site"
  if [[ -e dist ]]; then mv dist "$build/old-site"; fi
  mv "$build/site" dist
  rm -rf "$build/old-site"
}

main "$@"
