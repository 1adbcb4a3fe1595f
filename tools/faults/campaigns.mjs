/** @file The campaigns that disturb whole jobs, by name. */
import { deviceCampaign } from './device.mjs';
import { diskCampaign } from './disk.mjs';
import { killCampaign } from './kill.mjs';
import { powerCampaign } from './power.mjs';
import { ranksCampaign } from './ranks.mjs';

export const campaigns = {
  kill: killCampaign,
  power: powerCampaign,
  disk: diskCampaign,
  device: deviceCampaign,
  ranks: ranksCampaign,
};
