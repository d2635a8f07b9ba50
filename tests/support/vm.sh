#!/bin/sh
# SPDX-License-Identifier: MIT
# vm.sh MACHINE BUILD-DIR PROGRAM...: runs test programs of a build on a real kernel in qemu-system.
#   MACHINE  aarch64: the newest that apt knows    x86_64: Linux 6.1, for what older kernels do not have
# The kernel and a static busybox are downloaded as Debian packages, without installing them, into build/vm-MACHINE. Ends
# with the counts in the form of automake's test-suite.log; needs no root.
set -eu
machine=$1 build=$2
shift 2
: "${TEST_TIMEOUT:=900}"
vm=$PWD/build/vm-$machine
case $machine in
aarch64)
	architecture=arm64 kernels='^linux-image-[0-9.]+.*-cloud-arm64$' console=ttyAMA0
	set_up='-M virt -cpu max,pauth-impdef=on'
	loader=/lib/ld-linux-aarch64.so.1 emulator='qemu-aarch64 -L / -E LD_TRACE_LOADED_OBJECTS=1'
	;;
x86_64)
	architecture=amd64 kernels='^linux-image-6\.1\.[0-9.]+.*-cloud-amd64$' console=ttyS0
	set_up='-cpu max'
	loader=/lib64/ld-linux-x86-64.so.2 emulator='env LD_TRACE_LOADED_OBJECTS=1'
	;;
*)
	echo "vm.sh: what is a $machine?" >&2
	exit 2
	;;
esac
libraries=/lib/$machine-linux-gnu
mkdir -p "$vm"

if [ ! -e "$vm/unpacked" ]; then
	kernel=$(apt-cache search --names-only "$kernels" | cut -d ' ' -f 1 | sort -V | tail -n 1)
	[ -n "$kernel" ] || { echo "apt knows no $kernels" && exit 1; }
	(
		cd "$vm"
		apt-get -q download "$kernel:$architecture" "busybox-static:$architecture"
		for package in ./*.deb; do
			dpkg -x "$package" root
		done
	)
	touch "$vm/unpacked"
fi

# The initramfs: the programs, what they link to, busybox, and an init that prints one line a program.
rm -rf "$vm/initramfs"
mkdir -p "$vm/initramfs/bin" "$vm/initramfs/tests" "$vm/initramfs/dev" "$vm/initramfs/proc" "$vm/initramfs/sys" \
	"$vm/initramfs/tmp" "$vm/initramfs/etc" "$vm/initramfs$libraries" "$vm/initramfs${loader%/*}"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$vm/initramfs/etc/hosts"
cp "$vm/root/bin/busybox" "$vm/initramfs/bin/"
for program; do
	cp "$build/$program" "$vm/initramfs/tests/"
	echo "/tests/${program##*/}" >>"$vm/initramfs/order"
	# What `ldd` would say. libgcc_s besides, since libc loads it by itself.
	$emulator "$build/$program"
	echo "$libraries/libgcc_s.so.1"
done | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
	[ ! -e "$library" ] || cp -L "$library" "$vm/initramfs$libraries/"
done
cp -L "$loader" "$vm/initramfs$loader"
cat >"$vm/initramfs/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-30}
mount -t devtmpfs dev /dev
exec </dev/null >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm /sys/fs/cgroup
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
ip link set lo up
echo "kernel: \$(uname -rm), \$(nproc) CPUs"
export TEST_TIMEOUT=$TEST_TIMEOUT
mkdir /tmp/out
xargs -n 1 -P 2 /one </order
for result in PASS SKIP FAIL; do
	echo "# \$result: \$(cat /tmp/out/*.result | grep -c \$result)"
done
poweroff -f
INIT
# One program; two at a time keep both CPUs busy. What it says goes to the console in one write.
cat >"$vm/initramfs/one" <<'ONE'
#!/bin/busybox sh
name=${1##*/} out=/tmp/out/${1##*/} begin=$(date +%s)
timeout -k 5 "$TEST_TIMEOUT" "$1" >"$out" 2>&1
status=$?
case $status in
0) result=PASS said= ;;
77) result=SKIP said=": $(tail -n 1 "$out")" ;;
*) result=FAIL said=": exit status $status
$(tail -n 30 "$out")" ;;
esac
echo "$result" >"$out.result"
echo "$result: $name, $(($(date +%s) - begin)) s$said"
ONE
chmod +x "$vm/initramfs/init" "$vm/initramfs/one"
(cd "$vm/initramfs" && find . | cpio -o -H newc -R 0:0 --quiet | gzip -1) >"$vm/initramfs.gz"

# shellcheck disable=SC2086 # one word an option
timeout 1800 "qemu-system-$machine" $set_up -smp 2 -m 1024 -accel tcg,thread=multi -nographic -nic none -no-reboot \
	-kernel "$vm"/root/boot/vmlinuz-* -initrd "$vm/initramfs.gz" \
	-append "console=$console quiet panic=-1" </dev/null |
	sed -u 's/\r$//; s/\x1b\(c\|\[[?0-9;]*[A-Za-z]\)//g' >"$vm/console"
cat "$vm/console"
grep -q '^# FAIL: ' "$vm/console" || { echo 'the machine stopped before the verdict' && exit 1; }
