#!/bin/sh
# Build the real etcd, kube-apiserver and kube-controller-manager of the contract suite.
#
# The binaries come from the Go module proxy with the ordinary go client (about six minutes cold on two
# cores, seconds when Go's build cache is warm) and are kept by version; nothing is done when they are there.
# The last line printed is the folder, for KUBEBUILDER_ASSETS.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's|^[[:space:]]*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' "$here/go.mod")
target="${XDG_CACHE_HOME:-$HOME/.cache}/prompt-kafka-kube/$version"
if [ -x "$target/etcd" ] && [ -x "$target/kube-apiserver" ] && [ -x "$target/kube-controller-manager" ]; then
  # Seconds, as Go's build cache is warm then; it changes with this folder, not with the version.
  (cd "$here" && CGO_ENABLED=0 GOTOOLCHAIN=local go build -mod=readonly -ldflags "-s -w" \
    -o "$target/kubelet-streams" ./streams) || echo "build.sh: no kubelet-streams" >&2
  echo "$target"
  exit 0
fi
command -v go >/dev/null || { echo "build.sh: the go command is needed to build kube-apiserver $version" >&2; exit 1; }
[ -n "$version" ] || { echo "build.sh: no k8s.io/kubernetes version in go.mod" >&2; exit 1; }
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
minor=${version#v1.}
minor=${minor%%.*}
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
  flags="$flags -X $package.gitTreeState=clean -X $package.buildDate=1970-01-01T00:00:00Z"
done
build() {
  echo "build.sh: building $1 $version" >&2
  (cd "$here" && CGO_ENABLED=0 GOTOOLCHAIN=local nice -n 10 go build -mod=readonly \
    -tags selinux,notest,grpcnotrace -ldflags "$flags" -o "$work/$1" "$2")
}
build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
build kubelet-streams ./streams
chmod 755 "$work"
if ! mv -T "$work" "$target" 2>/dev/null; then
  # Another build finished first, or an incomplete folder is in the way.
  if [ ! -x "$target/kube-controller-manager" ]; then
    rm -rf "$target"
    mv -T "$work" "$target"
  fi
fi
echo "$target"
