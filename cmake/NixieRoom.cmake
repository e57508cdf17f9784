# SPDX-License-Identifier: Apache-2.0
# nx_room and nx_test are the only helpers of this build (and nx_fuzz in tests/fuzz).

option(NIXIE_WERROR "Treat warnings as errors" OFF)
option(NIXIE_FUZZ "Build the fuzz targets for libFuzzer (clang)" OFF)
set(NIXIE_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")

# What every target is compiled with.
add_library(nixie_flags INTERFACE)
target_compile_features(nixie_flags INTERFACE c_std_17)
target_compile_definitions(nixie_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(nixie_flags INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wwrite-strings -Wundef -Wformat=2
  -Wswitch-enum -Wimplicit-fallthrough -Wconversion -fno-common -UNDEBUG
  -include ${PROJECT_SOURCE_DIR}/src/base/banned.h
  $<$<BOOL:${NIXIE_WERROR}>:-Werror>)
target_link_libraries(nixie_flags INTERFACE PkgConfig::glib_2_0)
if(NIXIE_SANITIZE)
  target_compile_options(nixie_flags INTERFACE
    -fsanitize=${NIXIE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(nixie_flags INTERFACE -fsanitize=${NIXIE_SANITIZE})
endif()
if(NIXIE_FUZZ)
  target_compile_options(nixie_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# nx_room(NAME SOURCES file... NEEDS room... PACKAGES imported-target...)
# A room is one static library; what it links is what it may include: packages are PRIVATE, so an include outside the room
# that owns a package does not compile. Rooms are included as "room/header.h".
function(nx_room name)
  cmake_parse_arguments(room "" "" "SOURCES;NEEDS;PACKAGES" ${ARGN})
  add_library(nixie_${name} STATIC ${room_SOURCES})
  set_target_properties(nixie_${name} PROPERTIES C_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_include_directories(nixie_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(nixie_${name} PUBLIC nixie_flags PRIVATE ${room_PACKAGES})
  foreach(need IN LISTS room_NEEDS)
    target_link_libraries(nixie_${name} PUBLIC nixie_${need})
  endforeach()
endfunction()

# nx_test(NAME LABELS label... TIMEOUT seconds [SOURCES file... NEEDS room... PACKAGES target...] [COMMAND command...])
# A cmocka program (SOURCES) or a command; the test is called NAME.
function(nx_test name)
  cmake_parse_arguments(test "" "TIMEOUT" "SOURCES;NEEDS;PACKAGES;LABELS;COMMAND" ${ARGN})
  if(test_SOURCES)
    add_executable(test_${name} ${test_SOURCES})
    set_target_properties(test_${name} PROPERTIES C_EXTENSIONS OFF)
    target_link_libraries(test_${name} PRIVATE nixie_flags PkgConfig::cmocka ${test_PACKAGES})
    target_compile_definitions(test_${name} PRIVATE NX_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    foreach(need IN LISTS test_NEEDS)
      target_link_libraries(test_${name} PRIVATE nixie_${need})
    endforeach()
    set(test_COMMAND test_${name})
  endif()
  add_test(NAME ${name} COMMAND ${test_COMMAND})
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120) # only for what hangs: a machine may be loaded
  endif()
  if(NIXIE_SANITIZE) # everything takes two to five times as long
    math(EXPR test_TIMEOUT "${test_TIMEOUT} * 3")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${test_TIMEOUT} LABELS "${test_LABELS}" SKIP_RETURN_CODE 77
    ENVIRONMENT "NIXIE=$<TARGET_FILE:nixie>;NIXIE_SOURCE=${PROJECT_SOURCE_DIR};NIXIE_BUILD=${PROJECT_BINARY_DIR};LC_ALL=C.UTF-8;G_DEBUG=fatal-criticals")
endfunction()
