#!/usr/bin/env bash
# Builds a real Kubernetes API server and kubectl for the tests, once; prints the folder of both.
#
# Kubernetes is a Go module, but its go.mod names its staging modules by paths that exist in its
# repository only: here they are replaced by their releases, which have the same number. Exit code 3:
# no Go here; tests then skip. The tests need etcd, too: apt install etcd-server.
set -euo pipefail

minor=36.3
longest=${KUBERNETES_BUILD_SECONDS:-3600} # 15 minutes of processor time

folder=${SATELLITE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/satellite-tests}/kubernetes-v1.$minor
if [ -x "$folder/kube-apiserver" ] && [ -x "$folder/kubectl" ]; then echo "$folder"; exit 0; fi

export PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null || { echo "no go here: no Kubernetes to test with" >&2; exit 3; }

mkdir -p "$folder"
built=$(mktemp -d "$folder/building.XXXXXX")
trap 'rm -rf "$built"' EXIT
cd "$built"
source=$(timeout 300 go mod download -json "k8s.io/kubernetes@v1.$minor" | sed -n 's/^\t"GoMod": "\(.*\)",\{0,1\}$/\1/p')
{
    echo "module kubernetes.test"
    grep '^go ' "$source"
    echo "require k8s.io/kubernetes v1.$minor"
    sed -n "s|^\t\(k8s\.io/[a-z-]*\) => \./staging/.*|replace \1 => \1 v0.$minor|p" "$source"
} >go.mod
version=k8s.io/component-base/version
for program in kube-apiserver kubectl; do
    CGO_ENABLED=0 timeout "$longest" go build -mod=mod -trimpath -o "$program" -ldflags \
        "-s -w -X $version.gitVersion=v1.$minor -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*}" \
        "k8s.io/kubernetes/cmd/$program" >&2
done
mv kube-apiserver kubectl "$folder/"
echo "$folder"
