#!/bin/sh
# SPDX-License-Identifier: MIT
# vm-aarch64.sh BUILD-DIR PROGRAM...: runs test programs of an aarch64 build on a real aarch64 kernel in qemu-system.
# The kernel and a static busybox are downloaded as Debian packages, without installing them, into build/vm. Ends with
# the counts in the form of automake's test-suite.log; needs no root.
set -eu
build=$1
shift
: "${TEST_TIMEOUT:=900}"
vm=$PWD/build/vm
mkdir -p "$vm"

if [ ! -e "$vm/unpacked" ]; then
	kernel=$(apt-cache search --names-only '^linux-image-[0-9.]+.*-cloud-arm64$' | cut -d ' ' -f 1 | sort -V | tail -n 1)
	[ -n "$kernel" ] || { echo 'no linux-image-*-cloud-arm64 is known to apt' && exit 1; }
	(
		cd "$vm"
		apt-get -q download "$kernel:arm64" busybox-static:arm64
		for package in ./*.deb; do
			dpkg -x "$package" root
		done
	)
	touch "$vm/unpacked"
fi

# The initramfs: the programs, what they link to, busybox, and an init that prints one line a program.
rm -rf "$vm/initramfs"
mkdir -p "$vm/initramfs/bin" "$vm/initramfs/tests" "$vm/initramfs/dev" "$vm/initramfs/proc" "$vm/initramfs/sys" \
	"$vm/initramfs/tmp" "$vm/initramfs/etc" "$vm/initramfs/lib/aarch64-linux-gnu"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$vm/initramfs/etc/hosts"
cp "$vm/root/bin/busybox" "$vm/initramfs/bin/"
for program; do
	cp "$build/$program" "$vm/initramfs/tests/"
	# What `ldd` would say. libgcc_s besides, since libc loads it by itself.
	qemu-aarch64 -L / -E LD_TRACE_LOADED_OBJECTS=1 "$build/$program"
	echo '/lib/aarch64-linux-gnu/libgcc_s.so.1'
done | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
	[ ! -e "$library" ] || cp -L "$library" "$vm/initramfs/lib/aarch64-linux-gnu/"
done
cp -L /lib/ld-linux-aarch64.so.1 "$vm/initramfs/lib/"
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
ls /tests/* | xargs -n 1 -P 2 /one
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

timeout 1800 qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -smp 2 -m 1024 -accel tcg,thread=multi -nographic \
	-nic none -no-reboot -kernel "$vm"/root/boot/vmlinuz-* -initrd "$vm/initramfs.gz" \
	-append 'console=ttyAMA0 quiet panic=-1' </dev/null | sed -u 's/\r$//' >"$vm/console"
cat "$vm/console"
grep -q '^# FAIL: ' "$vm/console" || { echo 'the machine stopped before the verdict' && exit 1; }
