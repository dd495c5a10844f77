# SPDX-License-Identifier: Apache-2.0
# U-Boot runs this (as boot.scr) on each start. It chooses the root to start: partition 2 (slot a) or 3 (slot b).
#
# slot.env on the FAT partition holds
#   slot=a     the slot that is known to work
#   try=b      a slot that an update has just written; absent when there is none
#   left=3     how many starts it still has to reach "ready"
# Each start of `try` takes one of `left` before the kernel runs, so that a kernel that hangs counts too. When none is left, `slot` starts again.
# /usr/lib/ocelli/ocelli-slot writes the file once the new slot is ready.
setenv slot a
setenv try
setenv left 0
setenv kernel_arguments console=tty1
setexpr file_at ${kernel_addr_r} + 8000000
setexpr kernel_at ${kernel_addr_r} + 10000000
setexpr initrd_at ${kernel_addr_r} + 14000000
if load ${devtype} ${devnum}:1 ${file_at} slot.env; then env import -t ${file_at} ${filesize} slot try left; fi
if load ${devtype} ${devnum}:1 ${file_at} kernel.env; then env import -t -r ${file_at} ${filesize} kernel_arguments; fi

if test -n "${try}" && test "${left}" != 0; then
  setexpr left ${left} - 1
  env export -t ${file_at} slot try left
  fatwrite ${devtype} ${devnum}:1 ${file_at} slot.env ${filesize}
  setenv first ${try}
else
  setenv first ${slot}
fi
# A slot whose kernel cannot be read or started makes way for the other one.
if test "${first}" = b; then setenv order "b a"; else setenv order "a b"; fi
for start in ${order}; do
  if test "${start}" = a; then setenv part 2; else setenv part 3; fi
  setenv bootargs "${kernel_arguments} ro panic=10 ocelli.slot=${start} ocelli.part=${part}"
  echo "ocelli: starting slot ${start}"
  if load ${devtype} ${devnum}:${part} ${kernel_at} boot/vmlinuz; then
    if load ${devtype} ${devnum}:${part} ${initrd_at} boot/initrd; then
      booti ${kernel_at} ${initrd_at}:${filesize} ${fdt_addr}
    fi
  fi
done
echo "ocelli: neither slot can be started"
sleep 10
reset
