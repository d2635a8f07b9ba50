/* SPDX-License-Identifier: MIT */
/* Where and how figures were taken. */
#include "about.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <weft.h>

#include "arch/arch.h"
#include "batch.h"
#include "system.h"

#ifndef WEFT_COMMIT /* by configure: git describe --always --dirty */
#define WEFT_COMMIT "unknown"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

void about_here(struct about *a)
{
	struct utsname u;
	time_t now = time(NULL);
	struct tm tm;

	*a = (struct about){ .cpus = system_cpus(), .clock_ns = (double)batch_clock_cost() };
	uname(&u);
	snprintf(a->machine, sizeof(a->machine), "%.63s", u.machine);
	snprintf(a->cpu, sizeof(a->cpu), "%s", system_cpu_model());
	snprintf(a->kernel, sizeof(a->kernel), "%.60s %.120s", u.sysname, u.release);
	snprintf(a->compiler, sizeof(a->compiler), "%s", COMPILER);
	snprintf(a->version, sizeof(a->version), "%s", weft_version());
	snprintf(a->arch, sizeof(a->arch), "%s", WEFT_ARCH_NAME);
	snprintf(a->commit, sizeof(a->commit), "%s", WEFT_COMMIT);
	strftime(a->date, sizeof(a->date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
}

void about_texts(struct about *a, struct about_text texts[ABOUT_TEXTS])
{
	const struct about_text all[ABOUT_TEXTS] = {
		{ "machine", a->machine, sizeof(a->machine) }, { "cpu", a->cpu, sizeof(a->cpu) },
		{ "kernel", a->kernel, sizeof(a->kernel) },    { "compiler", a->compiler, sizeof(a->compiler) },
		{ "version", a->version, sizeof(a->version) }, { "arch", a->arch, sizeof(a->arch) },
		{ "commit", a->commit, sizeof(a->commit) },    { "date", a->date, sizeof(a->date) },
		{ "effort", a->effort, sizeof(a->effort) },    { "peers", a->peers, sizeof(a->peers) },
	};

	memcpy(texts, all, sizeof(all));
}
