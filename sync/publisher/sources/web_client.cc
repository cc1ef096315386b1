#include "sync/publisher/sources/web_client.h"

#include <list>
#include <utility>

#include "absl/algorithm/container.h"
#include "sync/publisher/sources/exchange.h"
#include "sync/publisher/sources/header_files.h"
#include "sync/publisher/sources/web_url.h"
#include "sync/transport/http/curl_transfers.h"

namespace cloister::publisher {
namespace {

constexpr size_t kAtATime = 4;

}  // namespace

struct WebClient::State {
  RequestTerms terms;
  int stop_fd = -1;
  transport::MultiHandle multi;

  // Of one run. Whatever ends it, no handle stays in `multi`.
  struct Open {
    explicit Open(State& client) : client(client) {}
    ~Open() {
      for (auto& exchange : exchanges)
        curl_multi_remove_handle(client.multi.get(), exchange->easy());
    }
    State& client;
    std::list<std::unique_ptr<Exchange>> exchanges;
  };

  absl::Status Fill(const std::function<std::optional<WebRequest>()>& next, Open* open);
  absl::Status Ended(CURL* easy, CURLcode result, Open* open);
};

absl::Status WebClient::State::Fill(const std::function<std::optional<WebRequest>()>& next,
                                    Open* open) {
  while (open->exchanges.size() < kAtATime) {
    std::optional<WebRequest> request = next();
    if (!request.has_value()) return absl::OkStatus();
    auto exchange = std::make_unique<Exchange>(terms, *std::move(request));
    absl::StatusOr<CURL*> easy = exchange->Begin();
    if (!easy.ok()) return easy.status();
    curl_multi_add_handle(multi.get(), *easy);
    open->exchanges.push_back(std::move(exchange));
  }
  return absl::OkStatus();
}

absl::Status WebClient::State::Ended(CURL* easy, CURLcode result, Open* open) {
  const auto found = absl::c_find_if(
      open->exchanges, [&](const auto& exchange) { return exchange->easy() == easy; });
  if (found == open->exchanges.end()) return absl::InternalError("an answer that nobody asked for");
  Exchange& exchange = **found;
  absl::StatusOr<bool> redirected = exchange.Redirect(result);
  curl_multi_remove_handle(multi.get(), easy);
  if (redirected.ok() && *redirected) {
    curl_multi_add_handle(multi.get(), easy);
    return absl::OkStatus();
  }
  const absl::StatusOr<WebAnswer> answer =
      redirected.ok() ? exchange.End(result) : absl::StatusOr<WebAnswer>(redirected.status());
  absl::Status done = exchange.request().done(answer);
  open->exchanges.erase(found);
  return done;
}

WebClient::WebClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
WebClient::~WebClient() = default;

absl::StatusOr<std::unique_ptr<WebClient>> WebClient::Create(const WebSource& source, int stop_fd) {
  if (absl::Status s = transport::StartLibcurl(); !s.ok()) return s;
  absl::StatusOr<WebUrl> url = ParseWebUrl(source.url, source.allow_http);
  if (!url.ok()) return url.status();
  absl::StatusOr<std::vector<std::string>> secrets = ReadHeaderFiles(source.header_files);
  if (!secrets.ok()) return secrets.status();
  auto state = std::make_unique<State>();
  state->terms = {source, *std::move(url), *std::move(secrets),
                  std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(source.timeout)};
  state->stop_fd = stop_fd;
  state->multi.reset(curl_multi_init());
  if (state->multi == nullptr) return absl::InternalError("libcurl does not start");
  return std::unique_ptr<WebClient>(new WebClient(std::move(state)));
}

absl::Status WebClient::Run(const std::function<std::optional<WebRequest>()>& next) {
  State::Open open(*state_);
  if (absl::Status s = state_->Fill(next, &open); !s.ok()) return s;
  return transport::DriveTransfers(state_->multi.get(), state_->stop_fd,
                                   [&](CURL* easy, CURLcode result) {
                                     absl::Status s = state_->Ended(easy, result, &open);
                                     return s.ok() ? state_->Fill(next, &open) : s;
                                   });
}

absl::StatusOr<WebAnswer> WebClient::Get(WebRequest request) {
  absl::StatusOr<WebAnswer> outcome = absl::InternalError("no answer");
  request.done = [&](const absl::StatusOr<WebAnswer>& answer) {
    outcome = answer;
    return absl::OkStatus();
  };
  std::optional<WebRequest> one = std::move(request);
  absl::Status run = Run([&] { return std::exchange(one, std::nullopt); });
  if (!run.ok()) return run;
  return outcome;
}

}  // namespace cloister::publisher
