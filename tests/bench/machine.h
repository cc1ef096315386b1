// Where and with what something was measured.

#pragma once

#include <map>
#include <string>

namespace cloister::bench {

// Processor, cores, memory, kernel, system, and how busy it was when asked.
std::map<std::string, std::string> MachineFacts();

// Versions of what the benchmark is built with.
std::map<std::string, std::string> VersionFacts();

}  // namespace cloister::bench
