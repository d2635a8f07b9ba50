# SPDX-License-Identifier: MIT
# The ports. Exactly one is compiled in; all are distributed.
libweft_la_SOURCES = \
	arch/arch.h \
	arch/asm.h

if ARCH_X86_64
libweft_la_SOURCES += \
	arch/x86_64/arch.c \
	arch/x86_64/cpu.h \
	arch/x86_64/frame.h \
	arch/x86_64/switch.S
endif

if ARCH_AARCH64
libweft_la_SOURCES += \
	arch/aarch64/arch.c \
	arch/aarch64/cpu.h \
	arch/aarch64/frame.h \
	arch/aarch64/switch.S
endif

if ARCH_GENERIC
libweft_la_SOURCES += \
	arch/generic/arch.c \
	arch/generic/cpu.h
endif
