/* SPDX-License-Identifier: Apache-2.0 */
/* base/latin.h - Latin letters without their marks: "n'a pas pu être remis" is also written "n'a pas pu etre remis", by programs
 * and people that keep to ASCII.
 *
 * Letters that decompose into an ASCII letter and marks (UAX #15), and those that have an ASCII kin by custom (ß æ œ ø ł đ ð þ ı).
 * Other alphabets stay. Pure. */
#pragma once
#include "base/arena.h"

/* Writes the plain letters of c, one or two, to out and returns how many; 0: c is no such letter. Never more bytes than c has in
 * UTF-8. */
size_t nx_latin_plain(gunichar c, char out[2]);
/* The text in plain letters (the text itself where nothing changes). Bytes that are no UTF-8 stay. */
struct nx_str nx_latin_plain_text(struct nx_arena *arena, struct nx_str text);
/* The same with ae, oe, ue for the German ä, ö, ü. */
struct nx_str nx_latin_german_text(struct nx_arena *arena, struct nx_str text);
