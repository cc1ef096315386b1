// How outcomes are printed: for people and for programs.

#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "sync/feeds/feed_report.h"
#include "sync/publisher/repository/publish.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

// What a build read, and what it published.
struct BuildReport {
  std::string feed;
  std::vector<feeds::FeedReport> sources;
  uint64_t duplicates = 0;
  PublishResult result;
};

// What was read alone, for a build that came to nothing.
void PrintSources(const BuildReport& report, std::ostream& out);
void PrintText(const BuildReport& report, std::ostream& out);
void PrintJson(const BuildReport& report, std::ostream& out);

// A repository as `status` shows it.
struct RepositoryReport {
  std::string feed;
  Published published;
  absl::Time now;
};

void PrintText(const RepositoryReport& report, std::ostream& out);
void PrintJson(const RepositoryReport& report, std::ostream& out);

}  // namespace cloister::publisher
