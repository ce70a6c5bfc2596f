/**
 * Who the module says it is. Source: SIM800 Series AT Command Manual V1.09, sections 2.2.9 (ATI), 2.2.34 to
 * 2.2.38 (GMI, GMM, GMR, GSN); the network's name is section 3.2.22 (COPS).
 */
export interface Identity {
  manufacturer: string;
  model: string;
  information: string;
  revision: string;
  imei: string;
  operatorName: string;
  operatorNumber: string;
}

export const SIM800A: Identity = {
  manufacturer: 'SIMCOM_Ltd',
  model: 'SIMCOM_SIM800A',
  information: 'SIM800 R14.18',
  revision: '1418B05SIM800A32',
  imei: '865067020000019',
  operatorName: 'CHINA MOBILE',
  operatorNumber: '46000',
};
