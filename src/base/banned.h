/* SPDX-License-Identifier: Apache-2.0 */
/* base/banned.h - calls that do not compile here. Forced into every source file by CMake (-include). */
#pragma once
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#undef alloca
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets gmtime localtime ctime asctime atoi atol atoll alloca
