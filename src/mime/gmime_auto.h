/* SPDX-License-Identifier: Apache-2.0 */
/* mime/gmime_auto.h - scope cleanup for GMime objects; GMime 3.2 ships none. Inside the room only. */
#pragma once
#include <gmime/gmime.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeStream, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeParser, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMessage, g_object_unref)
