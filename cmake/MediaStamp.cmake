# Writes OUTPUT, a header with VERSION and a hash over the files named after `--`: cmake -DVERSION=... -DOUTPUT=... -P MediaStamp.cmake -- FILES
set(digests "")
set(listing FALSE)
foreach(i RANGE ${CMAKE_ARGC})
  if(listing AND i LESS CMAKE_ARGC)
    file(SHA256 "${CMAKE_ARGV${i}}" digest)
    string(APPEND digests "${digest}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(listing TRUE)
  endif()
endforeach()
string(SHA256 digest "${digests}")
string(SUBSTRING "${digest}" 0 16 digest)
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[
#pragma once
// Written by CMake: what the program and its media library must agree on.

namespace reelgraph::cli {
inline constexpr const char* kMediaStamp = "@VERSION@ @digest@";
}
]])
