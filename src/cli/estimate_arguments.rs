//! The arguments of what predicts and draws.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use crate::model::{EnvironmentName, TargetName};

/// `estimate`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  rekindle estimate production              what `deploy` would take now\n  \
    rekindle estimate production --rebuild    a teardown and a deploy; asks no cloud\n  \
    rekindle estimate production --rebuild -j 4 --svg rebuild.svg\n  \
    rekindle estimate production --output json | jq .p90_seconds\n\n\
    How it is made is in docs/estimate.md."
)]
pub struct EstimateArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// Work on the environment at this target: what stands at `primary` by the source stands there.
    /// Nothing of the other targets is called
    #[arg(long, value_name = "TARGET", conflicts_with = "rebuild")]
    pub to: Option<TargetName>,
    /// Estimate a whole rebuild, as if everything stood as the source says
    #[arg(long)]
    pub rebuild: bool,
    /// Work on at most N stacks at a time [default: as many as the graph allows]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Also draw who works when into FILE
    #[arg(long, value_name = "FILE")]
    pub svg: Option<Utf8PathBuf>,
}

/// `graph`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  rekindle graph demo --format svg > demo.svg\n  \
    rekindle graph demo | dot -Tpdf > demo.pdf\n  \
    rekindle graph demo --output json")]
pub struct GraphArguments {
    /// Environment
    #[arg(value_name = "ENV")]
    pub environment: EnvironmentName,
    /// A picture, or text for Graphviz [default: dot]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<GraphFormat>,
}

/// What a graph is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A picture that browsers show.
    Svg,
    /// The language of Graphviz.
    Dot,
}
