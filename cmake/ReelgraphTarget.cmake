# One static library a folder: reelgraph_library(graph SOURCES a.cc b.cc PUBLIC reelgraph::base PRIVATE SQLite::SQLite3).
# Warnings, sanitizers and the include root come from one INTERFACE target, so that every folder is built alike.

add_library(reelgraph_options INTERFACE)
target_include_directories(reelgraph_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(reelgraph_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Wno-missing-field-initializers)  # members that a designated initializer leaves out are initialised by the language
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on `"text" + string` (GCC bug 105651).
  target_compile_options(reelgraph_options INTERFACE -Wno-restrict)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Several sources in one: a class over names of its own source no longer lies in the main file, which this takes for a header.
  target_compile_options(reelgraph_options INTERFACE -Wno-subobject-linkage)
endif()
if(REELGRAPH_WERROR)
  target_compile_options(reelgraph_options INTERFACE -Werror)
endif()
if(REELGRAPH_SANITIZE)
  target_compile_options(reelgraph_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(reelgraph_options INTERFACE -fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code confuses it (GCC bug 105562, in std::regex); the other builds still warn.
    target_compile_options(reelgraph_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(REELGRAPH_FUZZ)
  target_compile_options(reelgraph_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(reelgraph_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(reelgraph_${name} STATIC ${arg_SOURCES})
  add_library(reelgraph::${name} ALIAS reelgraph_${name})
  set_target_properties(reelgraph_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(reelgraph_${name} PUBLIC ${arg_PUBLIC} PRIVATE reelgraph_options ${arg_PRIVATE})
endfunction()
